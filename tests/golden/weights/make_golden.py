#!/usr/bin/env python3
"""Makes the small weight files of this folder. Run with torch 1.13 and onnx 1.12 (Debian 12: python3-torch, python3-onnx).

The OSNet here is written from the papers' description; its tensor names are torchreid's. The weights are pseudo-random
numbers on a coarse grid, so that the files compress well.
"""

import collections
import io
import os
import pickle
import tarfile
import warnings
import zipfile

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(0)


def tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 4
    return collections.OrderedDict(
        float32=base,
        transposed=base.t(),
        narrowed=base[1:3, 2:5],
        every_second=base[:, ::2],
        expanded=torch.tensor([2.5]).expand(3, 2),
        float64=torch.tensor([1.0, -0.5, 1e-3], dtype=torch.float64),
        float16=torch.tensor([1.0, -2.5, 65504.0, 6e-8, 0.0, -0.0, float("inf")], dtype=torch.float16),
        bfloat16=torch.tensor([1.0, -3.140625, 1e30], dtype=torch.bfloat16),
        int64=torch.tensor([0, -1, 1 << 24]),
        int32=torch.tensor([[1], [-2]], dtype=torch.int32),
        int16=torch.tensor([300, -300], dtype=torch.int16),
        int8=torch.tensor([-128, 127], dtype=torch.int8),
        uint8=torch.tensor([0, 255], dtype=torch.uint8),
        bool=torch.tensor([True, False, True]),
        scalar=torch.tensor(7),
        empty=torch.zeros(0, 3),
        parameter=nn.Parameter(torch.tensor([4.0, 5.0])),
    )


def rezip(source, target, change=None, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for item in old.infolist():
            new.writestr(zipfile.ZipInfo(item.filename), old.read(item), compress_type=method)
        for name, content in (change or {}).items():
            new.writestr(zipfile.ZipInfo(name), content)


class Evil:
    def __init__(self, call, *args):
        self.value = call, args

    def __reduce__(self):
        return self.value


def small_files():
    torch.save(tensors(), "small_zip.pth")
    torch.save(tensors(), "small_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(tensors(), "small_protocol4.pth", pickle_protocol=4)
    rezip("small_zip.pth", "small_deflated.pth", {"small_zip/byteorder": b"little"}, zipfile.ZIP_DEFLATED)
    rezip("small_zip.pth", "bad_big_endian.pth", {"small_zip/byteorder": b"big"})

    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    adam = torch.optim.Adam(model.parameters(), lr=0.0015)
    model(torch.ones(4, 3)).sum().backward()
    adam.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(adam, [20, 40])
    state = collections.OrderedDict(("module." + k, v) for k, v in model.state_dict().items())
    training = {
        "state_dict": {"model": state, "ema_decay": 0.999},
        "epoch": 150,
        "rank1": np.float64(0.912),
        "mAP": np.float32(0.75),
        "optimizer": adam.state_dict(),
        "scheduler": scheduler.state_dict(),
        "history": collections.defaultdict(list, loss=[1.5, 0.5]),
        "ids": {1, 2},
        "curve": np.arange(3.0),
    }
    torch.save(training, "training.pth.tar")
    torch.save(training, "training_legacy.pth.tar", _use_new_zipfile_serialization=False)
    torch.save({"net": model.state_dict(), "model": {"name": "linear"}}, "wrapped_net.pth")

    torch.save({"a": torch.ones(1), "b": Evil(os.system, "touch pwned")}, "bad_system.pth")
    torch.save({"a": torch.ones(1), "b": Evil(os.system, "touch pwned")}, "bad_system_legacy.pth",
               _use_new_zipfile_serialization=False)
    torch.save({"a": Evil(eval, "open('pwned', 'w')")}, "bad_eval.pth", pickle_protocol=4)
    torch.save(nn.Linear(2, 1), "bad_whole_model.pth")
    torch.save(torch.ones(2), "bad_single_tensor.pth")
    torch.save({"epoch": 3, "lr": 0.1}, "bad_no_tensors.pth")
    torch.jit.save(torch.jit.script(nn.Linear(2, 1)), "bad_torchscript.pt")
    with open("bad_plain_pickle.pkl", "wb") as file:
        pickle.dump({"weight": [1.0, 2.0]}, file, protocol=2)
    with tarfile.open("bad_real.tar", "w") as tar:
        info = tarfile.TarInfo("storages")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"abc"))
    with zipfile.ZipFile("bad_other.zip", "w") as other:
        other.writestr("model.pth", b"abc")

    class Foreign(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, bias=False)
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(F.relu(self.conv(x)).mean([2, 3]))

    torch.onnx.export(Foreign().eval(), torch.zeros(1, 3, 8, 8), "foreign.onnx", opset_version=12,
                      input_names=["images"], output_names=["features"], dynamic_axes={"images": {0: "batch"}})
    resnet = collections.OrderedDict({"conv1.weight": torch.zeros(4, 3, 7, 7), "bn1.weight": torch.zeros(4),
                                      "layer1.0.conv1.weight": torch.zeros(4, 4, 1, 1)})
    torch.save(resnet, "resnet_like.pth")


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel=1, stride=1, norm=nn.BatchNorm2d, relu=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        if norm is not None:
            self.bn = norm(outputs, affine=True)
        self.relu = relu

    def forward(self, x):
        x = self.conv(x)
        if hasattr(self, "bn"):
            x = self.bn(x)
        return F.relu(x) if self.relu else x


class Light(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn(self.conv2(self.conv1(x))))


class Stream(nn.Module):
    def __init__(self, channels, depth):
        super().__init__()
        self.layers = nn.Sequential(*[Light(channels) for _ in range(depth)])

    def forward(self, x):
        return self.layers(x)


class Gate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class AinBlock(nn.Module):
    def __init__(self, inputs, outputs, inside):
        super().__init__()
        middle = outputs // 4
        self.conv1 = ConvNorm(inputs, middle)
        self.conv2 = nn.ModuleList([Stream(middle, depth) for depth in (1, 2, 3, 4)])
        self.gate = Gate(middle)
        self.conv3 = ConvNorm(middle, outputs, norm=None if inside else nn.BatchNorm2d, relu=False)
        if inputs != outputs:
            self.downsample = ConvNorm(inputs, outputs, relu=False)
        if inside:
            self.IN = nn.InstanceNorm2d(outputs, affine=True)

    def forward(self, x):
        reduced = self.conv1(x)
        total = 0
        for stream in self.conv2:
            total = total + self.gate(stream(reduced)) if torch.is_tensor(total) else self.gate(stream(reduced))
        total = self.conv3(total)
        if hasattr(self, "IN"):
            total = self.IN(total)
        return F.relu(total + (self.downsample(x) if hasattr(self, "downsample") else x))


class OsnetAin(nn.Module):
    def __init__(self, channels=(16, 64, 96, 128), classes=10):
        super().__init__()
        c0, c1, c2, c3 = channels
        self.conv1 = ConvNorm(3, c0, 7, 2, norm=nn.InstanceNorm2d)
        self.conv2 = nn.Sequential(AinBlock(c0, c1, True), AinBlock(c1, c1, True))
        self.pool2 = nn.Sequential(ConvNorm(c1, c1), nn.AvgPool2d(2))
        self.conv3 = nn.Sequential(AinBlock(c1, c2, False), AinBlock(c2, c2, True))
        self.pool3 = nn.Sequential(ConvNorm(c2, c2), nn.AvgPool2d(2))
        self.conv4 = nn.Sequential(AinBlock(c2, c3, True), AinBlock(c3, c3, False))
        self.conv5 = ConvNorm(c3, c3)
        self.fc = nn.Sequential(nn.Linear(c3, 512), nn.BatchNorm1d(512), nn.ReLU())
        self.classifier = nn.Linear(512, classes)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 3, 2, 1)
        x = self.pool3(self.conv3(self.pool2(self.conv2(x))))
        x = self.conv5(self.conv4(x))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def osnet_files():
    model = OsnetAin().eval()
    generator = torch.Generator().manual_seed(7)
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        noise = torch.floor(torch.rand(value.shape, generator=generator) * 8) / 8
        if name.endswith("running_var"):
            value.copy_(noise + 0.5)
        elif name.endswith("weight") and value.dim() == 1:
            value.copy_(noise * 0.5 + 0.75)
        else:
            value.copy_((noise - 0.4375) * 0.5)
    torch.save(model.state_dict(), "osnet_ain_x0_25.pth")
    image = torch.zeros(1, 3, 256, 128)
    torch.onnx.export(model, image, "osnet_ain_x0_25_folded.onnx", opset_version=12, input_names=["images"],
                      output_names=["features"], dynamic_axes={"images": {0: "batch"}})


small_files()
osnet_files()

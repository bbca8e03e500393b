"""The Python API: ResNet-50 on a machine with one number changed, against FP32 on the same machine."""

from accelsim.config.presets import load_hardware
from accelsim.simulation import simulate
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision

workload = load_workload("workloads/resnet50.yaml")
hardware = load_hardware("zcu102", ["array.rows=64"])
precision = resolve_precision(workload, "w4a4")
result = simulate(workload, hardware, precision, baseline="fp32")
print(f"{result.speedup:.2f}x as fast as FP32: {result.totals.seconds * 1e3:.3f} ms")
slowest = max(result.layers, key=lambda layer: layer.cycles)
print(f"slowest layer: {slowest.name}, {slowest.cycles} cycles, bound by {slowest.bound}")

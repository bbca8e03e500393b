"""The values of a run: bytes in DRAM and buffers, codes, sums and results, handed on at the hooks of `hw/values.py`.

- `image.py` lays a network's numbers out in DRAM; `bytes_at.py` holds bytes by address, `tile_codes.py` reads and
  writes codes there.
- `machine.py` is what the blocks call. It multiplies with `array.py`; `vector_tiles.py` post-processes, with
  `vector.py`.
- `faults.py` flips bits on the way.
- `network.py` finds the numbers of a network: in an encoded file, or drawn; `run.py` compares with the reference.

The arithmetic is that of `docs/functional.md`, which `quant.reference` follows on its own; shared with it are the
tables of codes, the encoder and the matrix product. Several images go through side by side: arrays of bytes have the
shape (bytes, images).
"""

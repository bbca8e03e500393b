"""The blocks of the accelerator as SimPy modules. They meet at sockets; only `accelerator.py` knows them all."""

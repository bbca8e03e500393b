"""The DRAM model alone, under a trace of transactions: what a memory system gets out of an access pattern."""

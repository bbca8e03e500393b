"""What the machine is: hardware and DRAM descriptions as frozen, validated models, and the files they come from."""

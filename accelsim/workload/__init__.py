"""What the network is: layers as data, the graph they form, and the number format of every tensor."""

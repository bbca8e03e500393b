// IEEE 754 single precision multiply-accumulate: the product is rounded, then the sum (docs/rtl.md, "What it is
// compared with").
//
// Stands for the arithmetic of the FP32 baseline's PE. Combinational.
module fp32_mac (
    input wire [31:0] a,
    input wire [31:0] b,
    input wire [31:0] addend,
    output wire [31:0] sum
);
    wire [31:0] product;
    fp32_multiply multiply (.a(a), .b(b), .product(product));
    fp32_add add (.a(product), .b(addend), .sum(sum));
endmodule

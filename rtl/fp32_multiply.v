// IEEE 754 single precision product, rounded to nearest even (docs/rtl.md, "What it is compared with").
//
// Stands for half of an FP32 PE's arithmetic. Subnormal operands and results are zero; every NaN is 7fc00000.
// Combinational.
module fp32_multiply (
    input wire [31:0] a,
    input wire [31:0] b,
    output wire [31:0] product
);
    wire a_zero = a[30:23] == 0, b_zero = b[30:23] == 0;
    wire a_special = &a[30:23], b_special = &b[30:23];
    wire nan = a_special && (a[22:0] != 0 || b_zero) || b_special && (b[22:0] != 0 || a_zero);
    wire sign = a[31] ^ b[31];

    // Significands of 1 to below 2: their product has its leading one in bit 47 or 46.
    wire [47:0] exact = {1'b1, a[22:0]} * {1'b1, b[22:0]};
    wire [47:0] normal = exact[47] ? exact : exact << 1;
    wire round_up = normal[23] & (normal[24] | (|normal[22:0]));
    wire [24:0] rounded = normal[47:24] + round_up;
    wire signed [10:0] exponent = a[30:23] + b[30:23] - 127 + exact[47] + rounded[24];

    assign product = nan ? 32'h7fc00000
        : a_special || b_special ? {sign, 8'hff, 23'b0}
        : a_zero || b_zero || exponent <= 0 ? {sign, 31'b0}
        : exponent >= 255 ? {sign, 8'hff, 23'b0}
        : {sign, exponent[7:0], rounded[22:0]};
endmodule

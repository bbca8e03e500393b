// IEEE 754 single precision sum, rounded to nearest even (docs/rtl.md, "What it is compared with").
//
// Stands for the other half of an FP32 PE's arithmetic. Subnormal operands and results are zero; every NaN is 7fc00000.
// Combinational.
module fp32_add (
    input wire [31:0] a,
    input wire [31:0] b,
    output wire [31:0] sum
);
    wire swap = b[30:0] > a[30:0];
    wire [31:0] larger = swap ? b : a, smaller = swap ? a : b;
    wire larger_zero = larger[30:23] == 0, smaller_zero = smaller[30:23] == 0;
    wire special = &larger[30:23];
    wire subtract = larger[31] ^ smaller[31];
    wire nan = special && (larger[22:0] != 0 || (&smaller[30:23]) && subtract);

    // The smaller significand, aligned; three bits behind the larger one's last, the last of them sticky.
    wire [7:0] distance = larger[30:23] - smaller[30:23];
    wire [23:0] significand = {24{!smaller_zero}} & {1'b1, smaller[22:0]};
    wire [52:0] shifted = {significand, 29'b0} >> distance;
    wire [26:0] aligned = {shifted[52:27], |shifted[26:0] | (distance > 52 && !smaller_zero)};
    wire [26:0] first = {1'b1, larger[22:0], 3'b0};
    wire [27:0] exact = subtract ? first - aligned : first + aligned;

    // The leading one goes to bit 27.
    reg [4:0] zeros;
    integer place;
    always @* begin
        zeros = 28;
        for (place = 0; place < 28; place = place + 1) if (exact[place]) zeros = 27 - place;
    end
    wire [27:0] normal = exact << zeros;
    wire round_up = normal[3] & (normal[4] | (|normal[2:0]));
    wire [24:0] rounded = normal[27:4] + round_up;
    wire signed [9:0] exponent = larger[30:23] + 1 - zeros + rounded[24];

    assign sum = nan ? 32'h7fc00000
        : special ? {larger[31], 8'hff, 23'b0}
        : larger_zero ? {larger[31] & smaller[31], 31'b0}
        : exact == 0 ? 32'b0
        : exponent <= 0 ? {larger[31], 31'b0}
        : exponent >= 255 ? {larger[31], 8'hff, 23'b0}
        : {larger[31], exponent[7:0], rounded[22:0]};
endmodule

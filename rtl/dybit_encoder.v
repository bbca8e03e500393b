// One DyBit encoder: fixed point to the code of the nearest value, ties to the even code (docs/rtl.md, "Encoder").
//
// Stands for the end of a lane of the vector unit. `value` is a two's complement number of WIDTH bits, FRACTION of them
// behind the point. Beyond the ends the end is taken; unsigned, that is 0 for negative numbers; "-0" is never produced.
// Needs WIDTH - FRACTION > BITS, so that the largest code can be told from what lies beyond it.
// Latency: 2 cycles, a number each cycle.
module dybit_encoder #(
    parameter BITS = 8,
    parameter WIDTH = 24,
    parameter FRACTION = 12
) (
    input wire clk,
    input wire is_signed,
    input wire [WIDTH-1:0] value,
    output reg [BITS-1:0] code
);
    localparam INTEGER = WIDTH - FRACTION;
    wire negative = value[WIDTH-1];
    wire [WIDTH-1:0] magnitude = !negative ? value : is_signed ? -value : 0;

    // Stage 1: the leading-one detector. The code has floor(log2(magnitude)) + 1 leading ones, at most all its bits.
    wire [3:0] most_ones = BITS - is_signed;
    reg [5:0] length;
    integer place;
    always @* begin
        length = 0;
        for (place = 0; place < INTEGER; place = place + 1) if (magnitude[FRACTION+place]) length = place + 1;
    end

    reg [5:0] ones;
    reg [WIDTH-1:0] magnitude_1;
    reg negative_1;
    always @(posedge clk) begin
        ones <= length > most_ones ? most_ones : length;
        magnitude_1 <= magnitude;
        negative_1 <= negative;
    end

    // Stage 2: the code with all its bits: the run of ones, a zero, the bits behind the leading one. Then it is cut and
    // rounded; as codes count upwards in value, the carry may run from the mantissa into the run of ones.
    localparam LONG = WIDTH + BITS + 1;
    wire [WIDTH-1:0] behind_leading_one = magnitude_1 << (INTEGER + 1 - ones);
    wire signed [LONG-1:0] shortest_run = {2'b10, behind_leading_one, {BITS - 1{1'b0}}};
    wire [LONG-1:0] linear = {1'b0, magnitude_1[FRACTION-1:0], {LONG - FRACTION - 1{1'b0}}};
    wire signed [LONG-1:0] run_and_rest = shortest_run >>> (ones - 1);
    wire [LONG-1:0] exact = ones == 0 ? linear : run_and_rest;
    wire [LONG:0] aligned = is_signed ? {1'b0, exact} : {exact, 1'b0};
    wire [BITS-1:0] kept = aligned[LONG-:BITS];
    wire round_up = aligned[LONG-BITS] & (kept[0] | (|aligned[LONG-BITS-1:0]));
    wire [BITS-1:0] rounded = kept + round_up;
    wire [BITS-1:0] sign_bit = {negative_1 & (rounded != 0), {BITS - 1{1'b0}}};
    always @(posedge clk) code <= rounded | sign_bit;
endmodule

// One DyBit decoder: a leading-one detector, then a shifter (docs/rtl.md, "Decoder").
//
// Stands for what a lane of the accelerator has between buffer and array. A code of BITS bits becomes
//   value = (-1)^sign * significand * 2^shift   in units of 2^-(BITS-1) unsigned, 2^-(BITS-2) signed,
// exact, with significand < 2^(BITS-1) and shift <= BITS. "-0" becomes 0. A narrower code goes in with zeros behind it.
// Latency: 2 cycles, a code each cycle.
module dybit_decoder #(
    parameter BITS = 8
) (
    input wire clk,
    input wire is_signed,
    input wire [BITS-1:0] code,
    output reg sign,
    output reg [BITS-2:0] significand,
    output reg [3:0] shift
);
    // The magnitude, its first bit at the top. Zeros behind a code do not change what it is worth.
    wire [BITS-1:0] magnitude = is_signed ? {code[BITS-2:0], 1'b0} : code;

    // Stage 1: the leading-one detector of the inverted code.
    reg [3:0] leading_ones;
    integer place;
    always @* begin
        leading_ones = BITS;
        for (place = 0; place < BITS; place = place + 1) if (!magnitude[place]) leading_ones = BITS - 1 - place;
    end

    reg [3:0] run;
    reg [BITS-1:0] code_1;
    reg sign_1;
    always @(posedge clk) begin
        run <= leading_ones;
        code_1 <= magnitude;
        sign_1 <= is_signed & code[BITS-1];
    end

    // Stage 2: the shifter drops the run of ones; the zero that ended it makes room for the hidden one.
    wire linear = run == 0;
    wire [BITS-1:0] rest = code_1 << run;
    wire [BITS-2:0] hidden_one = 1 << (BITS - 2);
    always @(posedge clk) begin
        sign <= sign_1;
        significand <= !linear ? hidden_one | rest[BITS-1:1] : is_signed ? code_1[BITS-1:1] : code_1[BITS-2:0];
        shift <= linear ? 0 : run - is_signed;
    end
endmodule

// The array with its decoders: packed DyBit codes in, exact partial sums out (docs/rtl.md, "Block diagram").
//
// Stands for two `Decoder` blocks, with a lane at every port of the array's edges, and `PEArray`. The ports are those
// of dybit_array, with a native word of 8 bits of codes where that has operands.
// Latency: 2 cycles more than dybit_array.
module decoded_array #(
    parameter ROWS = 4,
    parameter COLS = 4
) (
    input wire clk,
    input wire [2:0] input_bits,
    input wire [2:0] weight_bits,
    input wire inputs_signed,
    input wire weights_signed,
    input wire load,
    input wire load_first,
    input wire [8*COLS-1:0] weight_words,
    input wire valid,
    input wire swap,
    input wire [8*ROWS-1:0] input_words,
    output wire [128*COLS-1:0] sums_out,
    output wire [COLS-1:0] sums_valid,
    output wire overflow
);
    wire [20*COLS-1:0] weights;
    wire [20*ROWS-1:0] inputs;
    genvar i;
    generate
        for (i = 0; i < COLS; i = i + 1) begin : weight_lane
            decoder_lane lane (
                .clk(clk), .slot_bits(weight_bits), .is_signed(weights_signed),
                .word(weight_words[8*i+:8]), .operands(weights[20*i+:20])
            );
        end
        for (i = 0; i < ROWS; i = i + 1) begin : input_lane
            decoder_lane lane (
                .clk(clk), .slot_bits(input_bits), .is_signed(inputs_signed),
                .word(input_words[8*i+:8]), .operands(inputs[20*i+:20])
            );
        end
    endgenerate

    // What goes beside the codes waits as long as they take.
    wire load_2, load_first_2, valid_2, swap_2;
    skew #(.LANES(1), .WIDTH(4), .FIRST(2)) beside (
        .clk(clk), .in({load, load_first, valid, swap}), .out({load_2, load_first_2, valid_2, swap_2})
    );

    dybit_array #(.ROWS(ROWS), .COLS(COLS)) array (
        .clk(clk), .input_bits(input_bits), .weight_bits(weight_bits),
        .load(load_2), .load_first(load_first_2), .weights(weights),
        .valid(valid_2), .swap(swap_2), .inputs(inputs),
        .sums_out(sums_out), .sums_valid(sums_valid), .overflow(overflow)
    );
endmodule

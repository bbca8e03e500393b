// A PE behind two decoder lanes. Codes are decoded for 2 cycles before they are at its ports; control and sums are not.
module pe_bench (
    input wire clk,
    input wire [2:0] input_bits,
    input wire [2:0] weight_bits,
    input wire inputs_signed,
    input wire weights_signed,
    input wire [7:0] input_word,
    input wire [7:0] weight_word,
    input wire [2:0] control,
    input wire [127:0] sums_in,
    output wire [127:0] sums_out,
    output wire overflow
);
    wire [19:0] inputs, weights;
    decoder_lane of_inputs (clk, input_bits, inputs_signed, input_word, inputs);
    decoder_lane of_weights (clk, weight_bits, weights_signed, weight_word, weights);
    dybit_pe pe (
        .clk(clk), .input_bits(input_bits), .weight_bits(weight_bits),
        .control_in(control), .inputs_in(inputs), .weights_in(weights), .sums_in(sums_in),
        .sums_out(sums_out), .overflow(overflow)
    );
endmodule

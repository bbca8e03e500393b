// One fusable processing element of the weight-stationary array (docs/rtl.md, "PE").
//
// Stands for one of the R x C elements of `PEArray`: operand registers, shadow registers for the weights of the next
// fold, and four 32-bit partial sums that pass through from north to south.
//   MIN_BITS                 narrowest mode: 2, or 4 for a PE without the 2-bit modes
//   input_bits, weight_bits  one-hot {8, 4, 2}; hold still while a tile is under way
//   control_in   {load, swap, valid} from the west: weights_in shifts into the shadow registers; these inputs are the
//                first of a new fold, for which the shadow registers become active; these inputs count
//   inputs_in    operands from the west (decoder_lane), weights_in from the north; sums_in from the north a cycle
//                later, and sums_out, lie as those of pe_arithmetic
//   overflow     a partial sum left 32 bits in the last cycle; what sums_out then holds is not to be used
// A mode of a-bit inputs uses 8/a words of weights: so many loads fill a PE, the next reach its southern neighbour.
// Latency: operands and control to the east 1 cycle, sums to the south 2 cycles after their inputs.
module dybit_pe #(
    parameter MIN_BITS = 2
) (
    input wire clk,
    input wire [2:0] input_bits,
    input wire [2:0] weight_bits,
    input wire [2:0] control_in,
    input wire [19:0] inputs_in,
    input wire [19:0] weights_in,
    input wire [127:0] sums_in,
    output reg [2:0] control_out,
    output reg [19:0] inputs_out,
    output wire [19:0] weights_out,
    output reg [127:0] sums_out,
    output reg overflow
);
    wire [2:0] of_inputs = MIN_BITS == 2 ? input_bits : {input_bits[2], !input_bits[2], 1'b0};
    wire [2:0] of_weights = MIN_BITS == 2 ? weight_bits : {weight_bits[2], !weight_bits[2], 1'b0};

    wire load = control_in[2], swap = control_in[1], valid = control_out[0];
    reg [79:0] shadow, active;
    wire [79:0] shadow_next = load ? {shadow[59:0], weights_in} : shadow;
    assign weights_out = of_inputs[2] ? shadow[19:0] : of_inputs[1] ? shadow[39:20] : shadow[79:60];

    wire [127:0] sums;
    wire [3:0] too_large;
    pe_arithmetic arithmetic (
        .input_bits(of_inputs), .weight_bits(of_weights), .inputs(inputs_out), .weights(active), .sums_in(sums_in),
        .sums(sums), .too_large(too_large)
    );

    always @(posedge clk) begin
        control_out <= control_in;
        inputs_out <= inputs_in;
        shadow <= shadow_next;
        if (swap) active <= shadow_next;
        sums_out <= sums;
        overflow <= valid & |too_large;
    end
endmodule

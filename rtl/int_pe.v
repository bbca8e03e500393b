// A PE of an integer array: the registers of dybit_pe around a two's complement multiply-accumulate (docs/rtl.md, "What
// it is compared with").
//
// Stands for a PE of an array that is not fusable. Ports as those of dybit_pe, one operand and one 32-bit sum each.
module int_pe #(
    parameter BITS = 8
) (
    input wire clk,
    input wire [2:0] control_in,
    input wire signed [BITS-1:0] inputs_in,
    input wire signed [BITS-1:0] weights_in,
    input wire signed [31:0] sums_in,
    output reg [2:0] control_out,
    output reg signed [BITS-1:0] inputs_out,
    output wire signed [BITS-1:0] weights_out,
    output reg signed [31:0] sums_out,
    output reg overflow
);
    wire load = control_in[2], swap = control_in[1], valid = control_out[0];
    reg signed [BITS-1:0] shadow, active;
    wire signed [BITS-1:0] shadow_next = load ? weights_in : shadow;
    assign weights_out = shadow;

    wire signed [32:0] sum = sums_in + inputs_out * active;
    always @(posedge clk) begin
        control_out <= control_in;
        inputs_out <= inputs_in;
        shadow <= shadow_next;
        if (swap) active <= shadow_next;
        sums_out <= sum[31:0];
        overflow <= valid & (sum[32] != sum[31]);
    end
endmodule

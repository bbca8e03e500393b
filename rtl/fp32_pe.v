// A PE of an FP32 array: the registers of dybit_pe around fp32_mac (docs/rtl.md, "What it is compared with").
//
// Stands for a PE of the `fp32` and `iso-area` baselines. Ports as those of dybit_pe, one operand and one sum each.
module fp32_pe (
    input wire clk,
    input wire [2:0] control_in,
    input wire [31:0] inputs_in,
    input wire [31:0] weights_in,
    input wire [31:0] sums_in,
    output reg [2:0] control_out,
    output reg [31:0] inputs_out,
    output wire [31:0] weights_out,
    output reg [31:0] sums_out
);
    wire load = control_in[2], swap = control_in[1];
    reg [31:0] shadow, active;
    wire [31:0] shadow_next = load ? weights_in : shadow;
    assign weights_out = shadow;

    wire [31:0] sum;
    fp32_mac mac (.a(inputs_out), .b(active), .addend(sums_in), .sum(sum));
    always @(posedge clk) begin
        control_out <= control_in;
        inputs_out <= inputs_in;
        shadow <= shadow_next;
        if (swap) active <= shadow_next;
        sums_out <= sum;
    end
endmodule

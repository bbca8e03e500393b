// A decoder of every width, and one decoder lane.
module decoder_bench (
    input wire clk,
    input wire is_signed,
    input wire [7:0] code,
    output wire [12*9-1:0] decoded,
    input wire [2:0] slot_bits,
    input wire [7:0] word,
    output wire [19:0] operands
);
    decoder_lane lane (clk, slot_bits, is_signed, word, operands);

    genvar bits;
    generate
        for (bits = 2; bits <= 8; bits = bits + 1) begin : width
            wire sign;
            wire [bits-2:0] significand;
            wire [3:0] shift;
            dybit_decoder #(.BITS(bits)) decoder (clk, is_signed, code[bits-1:0], sign, significand, shift);
            assign decoded[12*bits+:12] = {sign, {8 - bits{1'b0}}, significand, shift};
        end
    endgenerate
    assign decoded[23:0] = 0;
endmodule

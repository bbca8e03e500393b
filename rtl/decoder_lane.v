// One decoder lane: a native word of 8 bits a cycle, with one, two or four DyBit codes in it (docs/rtl.md, "Lane").
//
// Stands for a lane of the `decoder` block. Four decoders, of 8, 4, 2 and 2 bits: the widest also takes the uppermost
// code of a word of narrow ones, as zeros behind a code change nothing. Codes of 5 to 7 bits fill a slot of 8 from its
// upper end, of 3 bits one of 4.
//   slot_bits  one-hot {8, 4, 2}: width of a slot. Slot k holds the bits k * slot_bits and up.
//   operands   {signs[3:0], significands[7:0], shifts[7:0]}: significand and shift of slot k in bits k * slot_bits and
//              up of their fields, its sign in bit k * slot_bits / 2.
// Latency: 2 cycles, a word each cycle. slot_bits and is_signed hold still while codes are under way.
module decoder_lane (
    input wire clk,
    input wire [2:0] slot_bits,
    input wire is_signed,
    input wire [7:0] word,
    output wire [19:0] operands
);
    wire eight = slot_bits[2], four = slot_bits[1], two = slot_bits[0];

    wire [7:0] code_a = word & {2'b11, {2{!two}}, {4{eight}}};
    wire [3:0] code_b = word[3:0] & {2'b11, {2{four}}};
    wire [6:0] significand_a;
    wire [2:0] significand_b;
    wire significand_c, significand_d;
    wire [3:0] shift_a, shift_b, shift_c, shift_d;
    wire sign_a, sign_b, sign_c, sign_d;

    dybit_decoder #(.BITS(8)) a (clk, is_signed, code_a, sign_a, significand_a, shift_a);
    dybit_decoder #(.BITS(4)) b (clk, is_signed, code_b, sign_b, significand_b, shift_b);
    dybit_decoder #(.BITS(2)) c (clk, is_signed, word[5:4], sign_c, significand_c, shift_c);
    dybit_decoder #(.BITS(2)) d (clk, is_signed, word[1:0], sign_d, significand_d, shift_d);

    wire [19:0] of_eight = {3'b0, sign_a, 1'b0, significand_a, 4'b0, shift_a};
    wire [19:0] of_four = {1'b0, sign_a, 1'b0, sign_b, 1'b0, significand_a[6:4], 1'b0, significand_b, shift_a, shift_b};
    wire [19:0] of_two = {
        sign_a, sign_c, sign_b, sign_d,
        1'b0, significand_a[6], 1'b0, significand_c, 1'b0, significand_b[2], 1'b0, significand_d,
        shift_a[1:0], shift_c[1:0], shift_b[1:0], shift_d[1:0]
    };
    assign operands = {20{eight}} & of_eight | {20{four}} & of_four | {20{two}} & of_two;
endmodule

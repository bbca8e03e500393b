// The arithmetic of one fusable PE: sixteen 2-bit multipliers that the mode groups, and four adders (docs/rtl.md, "PE")
//
// Stands for the multipliers, shifters and accumulator adders of a PE, without registers. With inputs of a bits and
// weights of w bits it forms (8/a) * (8/w) products: for j < 8/w, exactly,
//   sum j = sum_in j + sum over s < 8/a of input s * weight (s, j)
//   input_bits, weight_bits  one-hot {8, 4, 2}
//   inputs     operands as decoder_lane puts them out
//   weights    four words of operands: word s goes with input s
//   sums_in, sums   32 bits each, two's complement; sum j at its weights' lowest digit, d = j * w / 2: from bit 32 * d
//   too_large  for each of the four, whether the sum left its 32 bits
// An operand is a sign, a significand as wide as its slot, and a shift; its magnitude is at most 2^14 (8 bits), 2^6
// (4 bits) or 2^2 (2 bits), as for DyBit codes. Integers are operands with a shift of 0.
// Combinational.
module pe_arithmetic (
    input wire [2:0] input_bits,
    input wire [2:0] weight_bits,
    input wire [19:0] inputs,
    input wire [4*20-1:0] weights,
    input wire [4*32-1:0] sums_in,
    output wire [4*32-1:0] sums,
    output wire [3:0] too_large
);
    // A digit is two bits of a significand. In a wider mode neighbouring digits are fused: their products are added
    // into the first one's, so that digit 0 may stand for four, digit 2 for two, digits 1 and 3 for themselves.
    wire inputs_by_2 = !input_bits[0], inputs_by_4 = input_bits[2];
    wire weights_by_2 = !weight_bits[0], weights_by_4 = weight_bits[2];

    function integer reach(input integer digit);  // log2 of the largest magnitude of an operand that starts there
        reach = digit == 0 ? 14 : digit == 2 ? 6 : 2;
    endfunction

    wire [9:0] fused_weights[0:15];  // the products of input digit s, fused along the weights, at 4 * s + j
    wire [15:0] product[0:15];  // fused along the inputs, too
    wire [32:0] term[0:15];  // shifted, with its sign; see below
    wire negative[0:15];

    genvar s, j;
    generate
        for (s = 0; s < 4; s = s + 1) begin : input_digit
            wire [19:0] word = inputs_by_4 ? weights[0+:20] : inputs_by_2 ? weights[20*(s/2)+:20] : weights[20*s+:20];
            wire [1:0] digit = inputs[8+2*s+:2];
            wire [3:0] times_0 = digit * word[8+:2], times_1 = digit * word[10+:2];
            wire [3:0] times_2 = digit * word[12+:2], times_3 = digit * word[14+:2];
            wire [5:0] low = times_0 + ({4{weights_by_2}} & times_1) * 4;
            wire [5:0] high = times_2 + ({4{weights_by_2}} & times_3) * 4;
            assign fused_weights[4*s] = low + ({6{weights_by_4}} & high) * 16;
            assign fused_weights[4*s+1] = {4{!weights_by_2}} & times_1;
            assign fused_weights[4*s+2] = {6{!weights_by_4}} & high;
            assign fused_weights[4*s+3] = {4{!weights_by_2}} & times_3;

            wire [3:0] input_shift = inputs_by_2 && s % 2 == 0 ? inputs[2*s+:4] : inputs[2*s+:2];
            for (j = 0; j < 4; j = j + 1) begin : weight_digit
                localparam WIDTH = reach(s) + reach(j) + 1;
                wire [3:0] weight_shift = weights_by_2 && j % 2 == 0 ? word[2*j+:4] : word[2*j+:2];
                wire [4:0] shift = input_shift + weight_shift;
                wire [WIDTH-1:0] magnitude = product[4*s+j] << shift;
                assign negative[4*s+j] = inputs[16+s] ^ word[16+j];
                assign term[4*s+j] = {!negative[4*s+j], {WIDTH{negative[4*s+j]}} ^ magnitude};
            end
        end
        for (j = 0; j < 4; j = j + 1) begin : column
            wire [11:0] low = fused_weights[j] + ({10{inputs_by_2}} & fused_weights[4+j]) * 4;
            wire [11:0] high = fused_weights[8+j] + ({10{inputs_by_2}} & fused_weights[12+j]) * 4;
            assign product[j] = low + ({12{inputs_by_4}} & high) * 16;
            assign product[4+j] = {10{!inputs_by_2}} & fused_weights[4+j];
            assign product[8+j] = {12{!inputs_by_4}} & high;
            assign product[12+j] = {10{!inputs_by_2}} & fused_weights[12+j];

            // -x = ~x + 1, and a sign bit of weight -2^W is its inverse of weight 2^W, less 2^W: so the signs of the
            // four products need no extension, only a constant.
            localparam [32:0] SIGNS = (33'd1 << reach(j) + 15) + (33'd1 << reach(j) + 7) + (33'd2 << reach(j) + 3);
            wire [32:0] sum = {sums_in[32*j+31], sums_in[32*j+:32]} - SIGNS
                + term[j] + term[4+j] + term[8+j] + term[12+j]
                + negative[j] + negative[4+j] + negative[8+j] + negative[12+j];
            assign sums[32*j+:32] = sum[31:0];
            assign too_large[j] = sum[32] != sum[31];
        end
    endgenerate
endmodule

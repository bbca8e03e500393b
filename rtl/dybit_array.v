// A weight-stationary systolic array of fusable PEs with shadow registers (docs/rtl.md, "Array").
//
// Stands for `PEArray` with dataflow ws, of ROWS x COLS elements; narrow inputs multiply the rows, narrow weights the
// columns.
//   load, load_first  a row of weights enters at the top: the last row of the fold first, one a cycle, load_first with
//                     the first of them. A fold has ROWS * 8 / a rows of weights
//   weights     a word of operands for each column
//   valid       a pixel enters: a word of operands for each row. swap: it is the first one of the loaded fold, at the
//               earliest in the cycle of the fold's last load
//   sums_out    the pixel's sums over the rows, four for each column; those of a column are there when its sums_valid
//               is. Folds of one sum are added outside, where the partial sums are kept
//   overflow    a partial sum left its 32 bits in some PE
// A pixel's sums leave column c in cycle ROWS + c + 1 after it entered; the last register of a fold of T pixels is
// written (rows of weights) + T + ROWS + COLS - 2 cycles after its first load began. The next fold may load behind it.
// There is no reset: load, swap and valid are held low for ROWS + COLS cycles.
module dybit_array #(
    parameter ROWS = 4,
    parameter COLS = 4
) (
    input wire clk,
    input wire [2:0] input_bits,
    input wire [2:0] weight_bits,
    input wire load,
    input wire load_first,
    input wire [20*COLS-1:0] weights,
    input wire valid,
    input wire swap,
    input wire [20*ROWS-1:0] inputs,
    output wire [128*COLS-1:0] sums_out,
    output reg [COLS-1:0] sums_valid,
    output wire overflow
);
    wire [22*ROWS-1:0] from_west;
    wire [20*COLS-1:0] weights_from_north;
    wire [22*ROWS-1:0] at_edge;
    skew #(.LANES(ROWS), .WIDTH(22)) skew_inputs (.clk(clk), .in(at_edge), .out(from_west));
    skew #(.LANES(COLS), .WIDTH(20)) skew_weights (.clk(clk), .in(weights), .out(weights_from_north));

    // Row r starts to load r cycles late, since by then it has swapped, and ends with the others: the words it misses
    // are for rows above it.
    wire [ROWS-1:0] loads;
    reg [ROWS-1:0] loaded;
    always @(posedge clk) loaded <= loads;
    assign loads = {{ROWS{load & !load_first}} & loaded, load};

    wire [ROWS*COLS-1:0] overflows;
    assign overflow = |overflows;

    genvar r, c;
    generate
        for (r = 0; r < ROWS; r = r + 1) begin : row
            assign at_edge[22*r+:22] = {swap, valid, inputs[20*r+:20]};
            for (c = 0; c < COLS; c = c + 1) begin : col
                wire [2:0] control_in, control_out;
                wire [19:0] inputs_in, inputs_out, weights_in, weights_out;
                wire [127:0] in_sums, out_sums;
                if (c == 0) begin : west
                    assign {control_in[1:0], inputs_in} = from_west[22*r+:22];
                    assign control_in[2] = loads[r];
                end else begin : west
                    assign {control_in, inputs_in} = {row[r].col[c-1].control_out, row[r].col[c-1].inputs_out};
                end
                if (r == 0) begin : north
                    assign {weights_in, in_sums} = {weights_from_north[20*c+:20], 128'b0};
                end else begin : north
                    assign {weights_in, in_sums} = {row[r-1].col[c].weights_out, row[r-1].col[c].out_sums};
                end
                dybit_pe pe (
                    .clk(clk), .input_bits(input_bits), .weight_bits(weight_bits),
                    .control_in(control_in), .inputs_in(inputs_in), .weights_in(weights_in), .sums_in(in_sums),
                    .control_out(control_out), .inputs_out(inputs_out), .weights_out(weights_out), .sums_out(out_sums),
                    .overflow(overflows[COLS*r+c])
                );
            end
        end
        for (c = 0; c < COLS; c = c + 1) begin : south
            assign sums_out[128*c+:128] = row[ROWS-1].col[c].out_sums;
            always @(posedge clk) sums_valid[c] <= row[ROWS-1].col[c].control_out[0];
        end
    endgenerate
endmodule

// Delay lines at an edge of the array: lane k comes out FIRST + k cycles after it went in (docs/rtl.md, "Array").
//
// Stands for the triangle of registers that starts the wavefront.
module skew #(
    parameter LANES = 4,
    parameter WIDTH = 20,
    parameter FIRST = 0
) (
    input wire clk,
    input wire [LANES*WIDTH-1:0] in,
    output wire [LANES*WIDTH-1:0] out
);
    genvar lane;
    generate
        for (lane = 0; lane < LANES; lane = lane + 1) begin : line
            localparam DELAY = FIRST + lane;
            if (DELAY == 0) assign out[WIDTH*lane+:WIDTH] = in[WIDTH*lane+:WIDTH];
            else begin : registers
                reg [DELAY*WIDTH-1:0] stages;
                always @(posedge clk) stages <= {stages, in[WIDTH*lane+:WIDTH]};
                assign out[WIDTH*lane+:WIDTH] = stages[DELAY*WIDTH-1-:WIDTH];
            end
        end
    endgenerate
endmodule

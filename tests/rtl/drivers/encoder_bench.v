// Encoders of every width, each fed all numbers between plus and minus 1.25 times the largest code, in quarters of the
// format's step. It counts by itself, as a step from outside costs more than the encoder's simulation.
module encoder_bench (
    input wire is_signed,
    input wire start,
    output reg done
);
    localparam LATENCY = 2;
    reg clk = 0;
    integer count;
    event sweep_done;

    always @(posedge start) begin
        done = 0;
        for (count = 0; count < 10 * 2 ** 14 + LATENCY; count = count + 1) begin
            #1 clk = 1;
            #1 clk = 0;
        end
        ->sweep_done;
        #1 done = 1;
    end

    genvar bits;
    generate
        for (bits = 2; bits <= 8; bits = bits + 1) begin : width
            localparam TOTAL = 10 * 2 ** (2 * bits - 2);  // 2^(2 * bits) is the largest code
            reg [bits-1:0] codes[0:TOTAL-1];
            reg [16*8-1:0] file;
            wire [2*bits+1:0] value = count < TOTAL ? count - TOTAL / 2 : 0;
            wire [bits-1:0] code;
            wire running = clk && count < TOTAL + LATENCY;
            dybit_encoder #(.BITS(bits), .WIDTH(2 * bits + 2), .FRACTION(bits + 1)) encoder (
                running, is_signed, value, code
            );
            always @(posedge running) if (count >= LATENCY) codes[count-LATENCY] = code;
            always @(sweep_done) begin
                $sformat(file, "%0s%0d.hex", is_signed ? "signed" : "unsigned", bits);
                $writememh(file, codes);
            end
        end
    endgenerate
endmodule

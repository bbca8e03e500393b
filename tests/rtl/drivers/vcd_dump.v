// Writes what decoded_array does to tile.vcd; compiled as a second top.
module vcd_dump;
    initial begin
        $dumpfile("tile.vcd");
        $dumpvars(0, decoded_array);
    end
endmodule

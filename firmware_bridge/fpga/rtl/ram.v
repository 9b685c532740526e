// A block RAM, filled from a file of hex words or with zeros: one port reads, one writes, both of them registered. Nobody reads an address in the cycle it is written.
`default_nettype none
module ram #(
    parameter WIDTH = 16,
    parameter BITS = 9,
    parameter FILE = "",
    parameter WORDS = 1 << BITS
) (
    input wire clk,
    input wire [BITS-1:0] read_at,
    output reg [WIDTH-1:0] value,
    input wire write,
    input wire [BITS-1:0] write_at,
    input wire [WIDTH-1:0] data
);
    (* no_rw_check *)
    reg [WIDTH-1:0] words [0:WORDS-1];
    generate
        if (FILE == "") begin : empty
            integer i;
            initial for (i = 0; i < WORDS; i = i + 1) words[i] = {WIDTH{1'b0}};
        end else begin : filled
            initial $readmemh(FILE, words);
        end
    endgenerate
    always @(posedge clk) begin
        value <= words[read_at];
        if (write) words[write_at] <= data;
    end
endmodule
`default_nettype wire

// What a board's top contains: the core behind its UART, and a reset of 255 cycles from the clock's being ready on.
`default_nettype none
module chip #(
    parameter DIVIDE = 26         // clock cycles a bit
) (
    input wire clk,
    input wire ready,             // the clock is what it should be
    input wire rx,
    output wire tx,
    output wire idle,
    output wire paced
);
    reg [7:0] age = 8'd0;
    wire reset = age != 8'hff;
    always @(posedge clk) if (reset && ready) age <= age + 8'd1;
    wire rx_valid, tx_valid, tx_ready;
    wire [7:0] rx_byte, tx_byte;
    uart #(DIVIDE) serial (clk, reset, rx, tx, rx_valid, rx_byte, tx_valid, tx_byte, tx_ready);
    core controller (clk, reset, rx_valid, rx_byte, tx_valid, tx_byte, tx_ready, idle, paced);
endmodule
`default_nettype wire

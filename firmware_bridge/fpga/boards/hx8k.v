// iCE40-HX8K breakout board (CT256): 48 MHz from the 12 of its USB chip, whose second port is the UART.
`default_nettype none
module top (
    input wire clk_12,
    input wire rx,
    output wire tx,
    output wire led_link,
    output wire led_paced
);
    wire clk, ready, idle, paced;
    SB_PLL40_CORE #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'd63), .DIVQ(3'd4), .FILTER_RANGE(3'd1)
    ) pll (
        .REFERENCECLK(clk_12), .PLLOUTGLOBAL(clk), .LOCK(ready), .RESETB(1'b1), .BYPASS(1'b0)
    );
    chip #(.DIVIDE(52)) controller (clk, ready, rx, tx, idle, paced);
    assign led_link = !(rx && tx);
    assign led_paced = paced;
endmodule
`default_nettype wire

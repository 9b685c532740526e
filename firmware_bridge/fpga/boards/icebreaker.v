// iCEBreaker (iCE40 UP5K-SG48): 24 MHz from the crystal's 12, the UART of the board's USB chip.
`default_nettype none
module top (
    input wire clk_12,
    input wire rx,
    output wire tx,
    output wire led_link,         // these LEDs light at 0
    output wire led_paced
);
    wire clk, ready, idle, paced;
    SB_PLL40_PAD #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'd63), .DIVQ(3'd5), .FILTER_RANGE(3'd1)
    ) pll (
        .PACKAGEPIN(clk_12), .PLLOUTGLOBAL(clk), .LOCK(ready), .RESETB(1'b1), .BYPASS(1'b0)
    );
    chip #(.DIVIDE(26)) controller (clk, ready, rx, tx, idle, paced);
    assign led_link = rx && tx;
    assign led_paced = !paced;
endmodule
`default_nettype wire

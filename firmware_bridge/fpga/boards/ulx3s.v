// ULX3S (ECP5 LFE5U-25F or larger, CABGA381): 60 MHz from the 25 of its oscillator, the UART of its USB chip.
`default_nettype none
module top (
    input wire clk_25,
    input wire ftdi_txd,          // what the USB chip sends
    output wire ftdi_rxd,
    output wire led_link,
    output wire led_paced,
    output wire wifi_gpio0        // 1 keeps the board's other processor from taking over
);
    wire clk, ready, idle, paced;
    (* FREQUENCY_PIN_CLKI = "25", FREQUENCY_PIN_CLKOP = "60", ICP_CURRENT = "12", LPF_RESISTOR = "8" *)
    EHXPLLL #(
        .PLLRST_ENA("DISABLED"), .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"), .DPHASE_SOURCE("DISABLED"),
        .OUTDIVIDER_MUXA("DIVA"), .OUTDIVIDER_MUXB("DIVB"), .OUTDIVIDER_MUXC("DIVC"), .OUTDIVIDER_MUXD("DIVD"),
        .CLKI_DIV(5), .CLKFB_DIV(12), .CLKOP_DIV(10), .CLKOP_CPHASE(4), .CLKOP_FPHASE(0), .CLKOP_ENABLE("ENABLED"),
        .FEEDBK_PATH("CLKOP")
    ) pll (
        .CLKI(clk_25), .CLKOP(clk), .CLKFB(clk), .LOCK(ready), .RST(1'b0), .STDBY(1'b0), .PHASESEL0(1'b0),
        .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0)
    );
    chip #(.DIVIDE(65)) controller (clk, ready, ftdi_txd, ftdi_rxd, idle, paced);
    assign led_link = !(ftdi_txd && ftdi_rxd);
    assign led_paced = paced;
    assign wifi_gpio0 = 1'b1;
endmodule
`default_nettype wire

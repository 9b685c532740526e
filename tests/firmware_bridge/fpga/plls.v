// The clocks of the boards' vendors, as far as the tops name their ports: to lint by.
`default_nettype none
module SB_PLL40_CORE #(
    parameter FEEDBACK_PATH = "", parameter DIVR = 0, parameter DIVF = 0, parameter DIVQ = 0, parameter FILTER_RANGE = 0
) (input wire REFERENCECLK, output wire PLLOUTGLOBAL, output wire LOCK, input wire RESETB, input wire BYPASS);
    assign PLLOUTGLOBAL = REFERENCECLK && !BYPASS;
    assign LOCK = RESETB;
endmodule
module SB_PLL40_PAD #(
    parameter FEEDBACK_PATH = "", parameter DIVR = 0, parameter DIVF = 0, parameter DIVQ = 0, parameter FILTER_RANGE = 0
) (input wire PACKAGEPIN, output wire PLLOUTGLOBAL, output wire LOCK, input wire RESETB, input wire BYPASS);
    assign PLLOUTGLOBAL = PACKAGEPIN && !BYPASS;
    assign LOCK = RESETB;
endmodule
module EHXPLLL #(
    parameter PLLRST_ENA = "", parameter INTFB_WAKE = "", parameter STDBY_ENABLE = "", parameter DPHASE_SOURCE = "",
    parameter OUTDIVIDER_MUXA = "", parameter OUTDIVIDER_MUXB = "", parameter OUTDIVIDER_MUXC = "",
    parameter OUTDIVIDER_MUXD = "", parameter CLKI_DIV = 1, parameter CLKFB_DIV = 1, parameter CLKOP_DIV = 1,
    parameter CLKOP_CPHASE = 0, parameter CLKOP_FPHASE = 0, parameter CLKOP_ENABLE = "", parameter FEEDBK_PATH = ""
) (
    input wire CLKI, output wire CLKOP, input wire CLKFB, output wire LOCK, input wire RST, input wire STDBY,
    input wire PHASESEL0, input wire PHASESEL1, input wire PHASEDIR, input wire PHASESTEP, input wire PHASELOADREG,
    input wire PLLWAKESYNC, input wire ENCLKOP
);
    assign CLKOP = CLKI;
    assign LOCK = !RST;
    wire unused = &{1'b0, CLKFB, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP};
endmodule
`default_nettype wire

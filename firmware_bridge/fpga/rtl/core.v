// The grasp controller behind a stream of bytes: sequencer, population engine, byte store.
`default_nettype none
module core (
    input wire clk,
    input wire reset,
    input wire rx_valid,
    input wire [7:0] rx_byte,
    output wire tx_valid,
    output wire [7:0] tx_byte,
    input wire tx_ready,
    output wire idle,
    output wire paced
);
    wire [4:0] port;
    wire write, used, step, store_busy, engine_busy;
    wire [31:0] out, store_value, engine_value;
    wire engine_port = port[4];
    sequencer machine (
        clk, reset, port, write, used, step, out, engine_port ? engine_value : store_value,
        write || store_busy || engine_busy   // a unit is busy from the cycle after `write` on
    );
    store bytes (
        clk, reset, write && !engine_port, used && !engine_port, port, out, store_value, store_busy, idle,
        paced, rx_valid, rx_byte,
        tx_valid, tx_byte, tx_ready
    );
    engine population (clk, reset, write && engine_port, step, port, out, engine_value, engine_busy);
endmodule
`default_nettype wire

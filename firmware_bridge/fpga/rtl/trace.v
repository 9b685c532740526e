// A spike trace, one tick: a' = min(a - (a >> decay_shift) + step * fired, 32767), 0..32767.
// The law is controller/neuron.py: trace_step; tests/golden/trace.hex judges it.
`default_nettype none
module trace (
    input wire [14:0] a,
    input wire fired,
    input wire [3:0] decay_shift,
    input wire [14:0] step,
    output wire [14:0] next_a
);
    wire [15:0] sum = {1'b0, a} - {1'b0, a >> decay_shift} + (fired ? {1'b0, step} : 16'd0);
    assign next_a = sum[15] ? 15'h7fff : sum[14:0];
endmodule
`default_nettype wire

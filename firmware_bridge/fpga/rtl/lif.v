// One integer neuron, one tick: v' = sat16(v - (v >> leak_shift) + current); it fires and subtracts at threshold.
// The law is controller/neuron.py: lif_step; tests/golden/lif.hex judges it. At WIDTH < 16 the same text is proven
// exhaustively.
`default_nettype none
module lif #(
    parameter WIDTH = 16,        // of the membrane
    parameter CURRENT = 26,      // of the summed input, more than WIDTH
    parameter SHIFT = 4          // of leak_shift
) (
    input wire signed [WIDTH-1:0] v,
    input wire signed [CURRENT-1:0] current,
    input wire [SHIFT-1:0] leak_shift,
    input wire [WIDTH-2:0] threshold,
    output wire signed [WIDTH-1:0] next_v,
    output wire fires
);
    wire signed [WIDTH-1:0] leak = v >>> leak_shift;
    wire signed [CURRENT:0] sum = {{CURRENT + 1 - WIDTH{v[WIDTH-1]}}, v} - {{CURRENT + 1 - WIDTH{leak[WIDTH-1]}}, leak}
        + {current[CURRENT-1], current};
    wire fits = sum[CURRENT:WIDTH-1] == {CURRENT + 2 - WIDTH{sum[CURRENT]}};
    wire signed [WIDTH-1:0] limited = fits ? sum[WIDTH-1:0] : {sum[CURRENT], {WIDTH - 1{~sum[CURRENT]}}};
    assign fires = !limited[WIDTH-1] && limited[WIDTH-2:0] >= threshold;
    assign next_v = fires ? limited - {1'b0, threshold} : limited;
endmodule
`default_nettype wire

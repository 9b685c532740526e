// The neuron at a width of 5 bits against its law in whole numbers, for every state, current, time constant, threshold.
`timescale 1ns/1ns
module neuron;
    integer v, current, shift, threshold, exact, cases, wrong;
    reg signed [4:0] state;
    reg signed [6:0] input_sum;
    reg [2:0] leak;
    reg [3:0] level;
    wire signed [4:0] next_v;
    wire fires;
    lif #(.WIDTH(5), .CURRENT(7), .SHIFT(3)) law (state, input_sum, leak, level, next_v, fires);

    // Floor of v / 2^n, by division alone, so that nothing here shifts as the module does.
    function integer floored(input integer value, input integer n);
        integer k, power;
        begin
            power = 1;
            for (k = 0; k < n; k = k + 1) power = power * 2;
            floored = value >= 0 ? value / power : -((-value + power - 1) / power);
        end
    endfunction

    initial begin
        cases = 0; wrong = 0;
        for (v = -16; v < 16; v = v + 1)
            for (current = -64; current < 64; current = current + 1)
                for (shift = 1; shift < 8; shift = shift + 1)
                    for (threshold = 1; threshold < 16; threshold = threshold + 1) begin
                        state = v; input_sum = current; leak = shift; level = threshold;
                        exact = v - floored(v, shift) + current;
                        if (exact > 15) exact = 15;
                        if (exact < -16) exact = -16;
                        #1 cases = cases + 1;
                        if (fires !== (exact >= threshold)) wrong = wrong + 1;
                        else if (next_v !== (exact >= threshold ? exact - threshold : exact)) wrong = wrong + 1;
                    end
        $display("%0d %0d", cases, wrong);
        $finish;
    end
endmodule

// The population engine: one pass over neurons NEURON..LAST, one neuron after the other, each law a module of its own.
//
// A pass is one of: LIF (encode, membrane, trace, late trace, read-out: 5 cycles a neuron), SENSE and POOL (membrane: 3),
// PES (learning, then read-out with the new weights: 3), BURY (doomed neurons fall silent: 2). In LIF and PES the next
// neuron begins before the last one is done. State lives in eight block RAMs, one word a neuron, indexed alike: friction
// 0..159, sense 160..255, ahead 256..511. A LIF pass begins with NEURON one lower than its first.
`default_nettype none
`include "ports.vh"
module engine (
    input wire clk,
    input wire reset,
    input wire write,             // the sequencer writes `data` to `port`
    input wire step,              // it has used a bank and goes on to the next neuron
    input wire [4:0] port,
    input wire [31:0] data,
    output reg [31:0] value,      // what stands at `port`, combinational
    output wire busy
);
    localparam [14:0] THRESHOLD = 15'd16384, TRACE_STEP = 15'd512;
    localparam [31:0] WEYL = 32'h9E3779B1;

    reg [8:0] n, last;
    reg signed [15:0] x0, x1;
    reg signed [17:0] drive;      // of the slip pool; the error, in a PES pass
    reg [31:0] noise;
    reg [9:0] mode;
    wire is_ahead = mode[2];      // has late traces; keeps its currents
    wire is_sense = mode[4];      // leak 4, input from `bias`, which it clears
    wire is_pool = mode[5];       // leak 4, input from `drive`, which falls by 40 a neuron
    wire sums = mode[6];
    wire learns = mode[7];

    reg [12:0] state;             // one-hot: 0..4 LIF, 5..7 SENSE and POOL, 8..9 BURY, 10..12 PES
    reg running;
    reg live;                     // LIF: `n` is a neuron of this pass
    reg ended;                    // PES: the last one has begun
    reg [9:0] spikes, updates;
    reg signed [39:0] sum;        // of 256 products below 2^30

    // Banks. Weights of sense neurons, which have none, hold tables of the program.
    wire [15:0] encoder_q, bias_q, v_q, current_q;
    wire [14:0] trace_q, late_q;
    wire [31:0] weight_q;
    wire [3:0] flags_q;           // doomed, alive, fired
    reg bias_w, v_w, trace_w, late_w, weight_w, flags_w, current_w;
    wire [15:0] v_d, current_d;
    wire [14:0] trace_d, late_d;
    wire [31:0] weight_d;
    wire [3:0] flags_d;
    wire goes = write && port == `PORT_GO;
    ram #(16, 9) encoders (clk, running || goes ? n + 9'd1 : n, encoder_q, write && port == `PORT_ENCODER, n, data[15:0]);
    ram #(16, 9) biases (clk, n, bias_q, bias_w, n, running ? 16'd0 : data[15:0]);
    ram #(16, 9) membranes (clk, n, v_q, v_w, n, running ? v_d : data[15:0]);
    ram #(15, 9) traces (clk, n, trace_q, trace_w, n, running ? trace_d : data[14:0]);
    ram #(15, 8) lates (clk, n[7:0], late_q, late_w, n[7:0], running ? late_d : data[14:0]);
    ram #(32, 9, "weight.hex") weights (clk, n, weight_q, weight_w, running ? learner : n, running ? weight_d : data);
    ram #(4, 9) flags (clk, n, flags_q, flags_w, n, running ? flags_d : data[3:0]);
    ram #(16, 8) currents (clk, n[7:0], current_q, current_w, n[7:0], running ? current_d : data[15:0]);

    // The multiplier and the read-out behind it: the product of one neuron's weight arrives while the next one begins.
    // A weight is 16 bits in a word of 32, whose upper half only repeats the sign and is not read.
    reg signed [15:0] a;
    reg signed [16:0] b;
    wire signed [32:0] product;
    multiply multiplier (clk, a, b, product);
    reg [2:0] due;
    always @(posedge clk) begin
        if (goes) sum <= 40'sd0;
        else if (due[2]) sum <= sum + {{7{product[32]}}, product};
    end

    // Laws.
    reg signed [24:0] first;
    reg signed [19:0] current;
    wire signed [25:0] total = {first[24], first} + {product[24], product[24:0]};
    wire signed [19:0] coded = {{2{total[25]}}, total[25:8]} + {{4{bias_q[15]}}, bias_q};
    wire unused = &{1'b0, mode[9:8], mode[3], mode[1:0], total[7:0], sum[15:0]};
    wire signed [15:0] lif_v;
    wire fires;
    reg signed [15:0] v;          // read with what makes the current, so that the law begins at registers
    lif #(.CURRENT(20)) law_lif (v, current, {3'b010, !(is_sense || is_pool)}, THRESHOLD, lif_v, fires);
    wire low_sense = is_sense && lif_v[15:14] == 2'b10, low_pool = is_pool && lif_v[15] && lif_v[14:12] != 3'b111;
    assign v_d = low_sense ? 16'hc000 : low_pool ? 16'hf000 : lif_v;
    wire fired = fires && flags_q[1];
    assign flags_d = state[8] ? {1'b0, flags_q[2], !flags_q[2], flags_q[0]} : {flags_q[3:1], fired};
    assign current_d = current[15:0];
    reg just_fired, counts;
    trace law_trace (trace_q, just_fired, 4'd5, TRACE_STEP, trace_d);
    reg [14:0] new_trace;
    late law_late (late_q, new_trace, late_d);
    wire [14:0] credited = is_ahead ? late_q : trace_q;
    wire signed [31:0] learned;
    wire narrow = learned[31:15] == 17'd0 || learned[31:15] == 17'h1ffff && learned[14:0] != 15'd0;
    wire signed [15:0] kept = narrow ? learned[15:0] : learned[31] ? -16'sd32767 : 16'sd32767;
    // PES: what was read of a neuron in cycle 10 waits three cycles for its product, then one for the rounded step.
    reg [8:0] read_neuron, learner;
    reg read, rounds, adds;       // there is a neuron in the stage: read, stepping, adding its read-out
    reg read_learns, learner_learns;
    reg signed [15:0] read_weight, old_weight, new_weight;
    reg signed [31:0] step_now;
    reg [14:0] read_trace, old_trace, new_weight_trace;
    wire signed [31:0] step_next;
    rounded law_rounded (product[31:0], 5'd16, noise[31:16], step_next);
    moved law_moved ({{16{old_weight[15]}}, old_weight}, step_now, learned);
    assign weight_d = {{16{kept[15]}}, kept};

    wire lif_now = running && (state[0] && live || state[6]);
    always @* begin
        bias_w = write && port == `PORT_BIAS || running && state[6] && is_sense;
        v_w = write && port == `PORT_V || lif_now;
        flags_w = write && port == `PORT_FLAGS || lif_now || running && state[8];
        current_w = write && port == `PORT_CURRENT || lif_now && is_ahead;
        trace_w = write && port == `PORT_TRACE || running && state[1] && live;
        late_w = write && port == `PORT_LATE || running && state[2] && live && is_ahead;
        weight_w = write && port == `PORT_WEIGHT || running && state[11] && rounds && learner_learns;
    end

    wire loops = state[4] || state[7] || state[9] || state[12];
    reg finished;                 // `n` was the last one
    assign busy = running || due != 3'd0;
    always @(posedge clk) begin
        due <= {due[1:0], 1'b0};
        if (running) begin
            state <= loops ? {2'b00, state[12], 1'b0, state[9], 2'b00, state[7], 4'd0, state[4]} : {state[11:0], 1'b0};
            if (state[2] || state[6] || state[8] || state[10] && !ended) begin
                finished <= n == last && (live || !state[2]);
                n <= n + 9'd1;
            end
            if (finished && (state[3] || state[7] || state[9] || state[12] && !read && !rounds && !adds)) running <= 1'b0;

            // LIF: a neuron's cycles are 0, 1, -, 3, 4, and while the next one has its first four: 0, 1, 2, 3.
            if (state[0]) begin a <= x0; b <= {{9{encoder_q[7]}}, encoder_q[7:0]}; end
            if (state[1]) begin a <= x1; b <= {{9{encoder_q[15]}}, encoder_q[15:8]}; end
            if (state[3]) first <= product[24:0];
            if (state[4]) current <= coded;
            if (state[5]) current <= is_pool ? {{2{drive[17]}}, drive} : {4'd0, bias_q};
            if (state[4] || state[5]) v <= v_q;
            if (lif_now) just_fired <= fired;
            counts <= lif_now;
            if (counts) spikes <= spikes + {9'd0, just_fired};
            if (state[6] && is_pool) drive <= drive - 18'sd40;
            if (state[1]) new_trace <= trace_d;
            if (state[2]) begin
                a <= {1'b0, is_ahead ? late_d : new_trace};
                b <= {weight_q[15], weight_q[15:0]};
                due[0] <= sums && live;
                live <= 1'b1;
            end

            if (state[10]) begin
                a <= drive[15:0];
                b <= {2'b00, credited};
                read <= !ended;
                read_neuron <= n;
                read_learns <= learns && credited != 15'd0;
                read_weight <= weight_q[15:0];
                read_trace <= trace_q;
                ended <= ended || n == last;
                rounds <= read;
                learner <= read_neuron;
                learner_learns <= read_learns;
                old_weight <= read_weight;
                old_trace <= read_trace;
                step_now <= step_next;
                if (read) noise <= noise + WEYL;
            end
            if (state[11]) begin
                new_weight <= learner_learns ? kept : old_weight;
                new_weight_trace <= old_trace;
                if (rounds && learner_learns) updates <= updates + 10'd1;
                adds <= rounds && sums;
            end
            if (state[12]) begin a <= {1'b0, new_weight_trace}; b <= {new_weight[15], new_weight}; due[0] <= adds; end
        end
        if (write) case (port)
            `PORT_NEURON: n <= data[8:0];
            `PORT_LAST: last <= data[8:0];
            `PORT_X0: x0 <= data[15:0];
            `PORT_X1: x1 <= data[15:0];
            `PORT_DRIVE: drive <= data[17:0];
            `PORT_NOISE: noise <= data;
            `PORT_GO: begin
                mode <= data[9:0];
                running <= 1'b1;
                state <= data[0] ? 13'h400 : data[1] ? 13'h100 : data[4] || data[5] ? 13'h20 : 13'h1;
                live <= 1'b0;
                ended <= 1'b0;
                counts <= 1'b0;
                read <= 1'b0;
                rounds <= 1'b0;
                adds <= 1'b0;
                finished <= 1'b0;
                spikes <= 10'd0;
                updates <= 10'd0;
            end
            default: ;
        endcase
        if (step) n <= n + 9'd1;
        if (reset) begin
            running <= 1'b0;
            due <= 3'd0;
        end
    end

    always @* case (port)
        `PORT_GO: value = {6'd0, updates, 6'd0, spikes};
        `PORT_SUM: value = {{8{sum[39]}}, sum[39:16]};
        `PORT_ENCODER: value = {16'd0, encoder_q};
        `PORT_BIAS: value = {{16{bias_q[15]}}, bias_q};
        `PORT_V: value = {{16{v_q[15]}}, v_q};
        `PORT_TRACE: value = {17'd0, trace_q};
        `PORT_LATE: value = {17'd0, late_q};
        `PORT_WEIGHT: value = weight_q;
        `PORT_FLAGS: value = {28'd0, flags_q};
        default: value = {{16{current_q[15]}}, current_q};
    endcase
endmodule
`default_nettype wire

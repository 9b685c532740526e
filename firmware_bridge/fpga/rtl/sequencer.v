// The scalar machine: an accumulator of 48 bits, 256 words of data, 2560 instructions of 16 bits, of two cycles each,
// sums of three.
//
// 48 bits hold every intermediate value of the controller's law exactly, so that nothing wraps but where the law says so
// (WRAP, and ST with a width). Shifts, MUL and DIV are serial; an instruction that waits for a port stays in place.
// program/machine.py assembles for it. Instruction: op 5 | 11 bits of address, jump target, immediate or port.
`default_nettype none
module sequencer (
    input wire clk,
    input wire reset,
    output wire [4:0] port,
    output wire write,            // first cycle of OUT: `out` goes to `port`
    output wire used,             // first cycle of IN: `value` is being taken
    output wire step,             // with it, the bank's next neuron
    output wire [31:0] out,
    input wire [31:0] value,
    input wire wait_for           // OUT is not over yet
);
    localparam DEPTH = 12;        // of the program counter
    localparam [4:0] LD = 0, ST = 1, ADD = 2, SUB = 3, RSB = 4, AND = 5, OR = 6, XOR = 7, MIN = 8, MAX = 9, MUL = 10,
        DIV = 11, LDI = 12, ADDI = 13, SHL = 14, SAR = 15, WRAP = 16, JMP = 17, JZ = 18, JNZ = 19, JN = 20, JP = 21,
        CALL = 22, RET = 23, IN = 24, OUT = 25, FAR = 26;

    reg [DEPTH-1:0] pc;
    reg [10:0] ir;
    reg [4:0] op;
    reg far;                      // jumps behind 2047 have codes of their own
    reg fetch, first, second;     // the cycle in which an instruction is read, the first two of its own
    reg signed [47:0] acc, mcand, mplier;
    reg [31:0] in_q;
    reg [7:0] index, at;
    reg [5:0] left;               // cycles of a serial operation
    reg [3:0] remainder;
    reg [DEPTH-1:0] calls [0:7];  // where to go on after RET
    reg [2:0] deep;

    wire [15:0] rom_q;
    wire signed [47:0] m;
    wire [DEPTH-1:0] next_pc;
    wire [15:0] near_q, far_q;
    reg from_far;
    ram #(16, 11, "program.hex") program_memory (clk, next_pc[10:0], near_q, 1'b0, 11'd0, 16'd0);
    ram #(16, 9, "program_far.hex") program_rest (clk, next_pc[8:0], far_q, 1'b0, 9'd0, 16'd0);
    always @(posedge clk) from_far <= next_pc[11];
    assign rom_q = from_far ? far_q : near_q;

    wire [7:0] from = rom_q[7:0] + (rom_q[8] ? index : 8'd0);
    wire [47:0] stored;
    ram #(48, 8, "data.hex") data_memory (clk, from, m, !fetch && op == ST, at, stored);

    function [47:0] narrow(input [47:0] x, input [2:0] width);
        case (width)
            3'd1: narrow = {{16{x[31]}}, x[31:0]};
            3'd2: narrow = {16'd0, x[31:0]};
            3'd3: narrow = {{32{x[15]}}, x[15:0]};
            3'd4: narrow = {32'd0, x[15:0]};
            3'd5: narrow = {40'd0, x[7:0]};
            default: narrow = x;
        endcase
    endfunction
    assign stored = narrow(acc, {1'b0, ir[10:9]});

    // The adder, its second operand prepared in the cycle before.
    reg [47:0] y;
    reg carry;
    wire [47:0] sum = acc + y + {47'd0, carry};
    reg less;                     // of MIN and MAX
    reg spent, closing;           // MUL: only signs are left in the multiplier; it is being subtracted

    wire [4:0] doubled = {remainder, acc[47]};
    wire quotient = first ? acc[47] : doubled >= {1'b0, ir[3:0]};
    wire [4:0] reduced = doubled - {1'b0, ir[3:0]};
    wire [5:0] count = op == DIV ? 6'd48 : ir[5:0];
    reg done_now;
    always @* case (op)
        SHL, SAR, DIV: done_now = first ? count <= 6'd1 : left == 6'd1;
        ADD, SUB, RSB, ADDI, IN: done_now = second;
        MIN, MAX: done_now = !first && !second;
        MUL: done_now = closing;
        OUT: done_now = !wait_for;
        default: done_now = 1'b1;
    endcase
    wire done = !fetch && done_now;

    wire zero = acc == 48'd0;
    wire taken = op == JMP || op == CALL || op == RET || op == JZ && zero || op == JNZ && !zero || op == JN && acc[47] ||
        op == JP && !acc[47];
    wire [DEPTH-1:0] following = pc + 1'b1;
    assign next_pc = taken ? (op == RET ? calls[deep - 3'd1] : {far, ir}) : following;

    assign port = ir[6] ? index[4:0] : ir[4:0];
    assign write = !fetch && first && op == OUT;
    assign used = !fetch && first && op == IN;
    assign step = (write || used) && ir[5];
    assign out = acc[31:0];

    always @(posedge clk) begin
        in_q <= value;
        if (fetch) begin
            ir <= rom_q[10:0];
            op <= rom_q[15:11] < FAR ? rom_q[15:11] : rom_q[15:11] - FAR + JMP;
            far <= rom_q[15:11] >= FAR;
            at <= from;
            fetch <= 1'b0;
            first <= 1'b1;
            second <= 1'b0;
        end else begin
            first <= 1'b0;
            if (done) begin
                fetch <= 1'b1;
                pc <= next_pc;
            end
            second <= first;
            left <= (first ? count : left) - 6'd1;
            y <= op == ADDI ? {{37{ir[10]}}, ir} : op == ADD || op == RSB ? m :
                op == MUL ? (first ? 48'd0 : spent ? ~mcand & {48{mplier[0]}} : mcand & {48{mplier[0]}}) :
                first ? ~m : y;
            carry <= op == SUB || op == RSB || op == MIN || op == MAX || op == MUL && !first && spent && mplier[0];
            less <= sum[47];
            spent <= !first && (&mplier || !(|mplier));
            closing <= op == MUL && !first && spent && !closing;
            mcand <= first ? acc : mcand << 1;
            mplier <= first ? m : mplier >>> 1;
            case (op)
                LD: acc <= m;
                LDI: acc <= {{37{ir[10]}}, ir};
                IN: if (second) acc <= {{16{in_q[31]}}, in_q};
                AND: acc <= acc & m;
                OR: acc <= acc | m;
                XOR: acc <= acc ^ m;
                ADD, SUB, ADDI: if (second) acc <= sum;
                RSB: acc <= first ? ~acc : sum;
                MIN, MAX: if (!first && !second && less == (op == MAX)) acc <= ~y;
                MUL: acc <= first ? 48'd0 : sum;
                SHL: if (count != 6'd0) acc <= acc << 1;
                SAR: if (count != 6'd0) acc <= acc >>> 1;
                DIV: begin
                    acc <= {acc[46:0], quotient};
                    remainder <= first ? (acc[47] ? ir[3:0] - 4'd1 : 4'd0) : quotient ? reduced[3:0] : doubled[3:0];
                end
                WRAP: acc <= narrow(acc, ir[2:0]);
                CALL: begin
                    calls[deep] <= following;
                    deep <= deep + 3'd1;
                end
                RET: deep <= deep - 3'd1;
                OUT: if (first && ir[4:0] == 5'd10) index <= acc[7:0];
                default: ;
            endcase
        end
        if (reset) begin
            fetch <= 1'b0;
            first <= 1'b1;
            ir <= 11'd0;
            op <= JMP;
            far <= 1'b0;
            deep <= 3'd0;
        end
    end
    wire unused = &{1'b0, reduced[4]};
endmodule
`default_nettype wire

// Reads golden files and counts the lines that the law modules answer otherwise: vvp laws +folder=... prints for each law
// its name, lines, and wrong ones.
`timescale 1ns/1ns
module laws;
    reg [8*200-1:0] folder, path;
    integer file, lines, wrong, got;
    reg signed [31:0] a0, a1, a2, a3, a4, r0, r1;

    wire signed [15:0] lif_v;
    wire lif_fires;
    lif #(.CURRENT(26)) lif_law (a0[15:0], a1[25:0], a2[3:0], a3[14:0], lif_v, lif_fires);
    wire [14:0] trace_a;
    trace trace_law (a0[14:0], a1[0], a2[3:0], a3[14:0], trace_a);
    wire signed [31:0] pes_w;
    wire signed [63:0] product = a1 * a2;
    pes pes_law (a0, product[31:0], a3[4:0], a4[15:0], pes_w);

    task report(input [8*8-1:0] name);
        $display("%0s %0d %0d", name, lines, wrong);
    endtask

    initial begin
        if (!$value$plusargs("folder=%s", folder)) $finish;
        lines = 0; wrong = 0;
        $sformat(path, "%0s/lif.hex", folder);
        file = $fopen(path, "r");
        while ($fscanf(file, "%h %h %h %h %h %h\n", a0, a1, a2, a3, r0, r1) == 6) begin
            #1 lines = lines + 1;
            if (lif_v !== r0[15:0] || lif_fires !== r1[0]) wrong = wrong + 1;
        end
        report("lif");
        lines = 0; wrong = 0;
        $sformat(path, "%0s/trace.hex", folder);
        file = $fopen(path, "r");
        while ($fscanf(file, "%h %h %h %h %h\n", a0, a1, a2, a3, r0) == 5) begin
            #1 lines = lines + 1;
            if ({17'd0, trace_a} !== r0) wrong = wrong + 1;
        end
        report("trace");
        lines = 0; wrong = 0;
        $sformat(path, "%0s/pes.hex", folder);
        file = $fopen(path, "r");
        while ($fscanf(file, "%h %h %h %h %h %h\n", a0, a1, a2, a3, a4, r0) == 6) begin
            #1 lines = lines + 1;
            if (pes_w !== r0) wrong = wrong + 1;
        end
        report("pes");
        $finish;
    end
endmodule

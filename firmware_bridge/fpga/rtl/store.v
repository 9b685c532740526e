// What the sequencer keeps and checks bytes with: received bytes not yet taken, the buffer of a request and an answer,
// CRC-16/IBM-3740 and CRC-32.
`default_nettype none
`include "ports.vh"
module store (
    input wire clk,
    input wire reset,
    input wire write,
    input wire used,
    input wire [4:0] port,
    input wire [31:0] data,
    output reg [31:0] value,
    output wire busy,
    output wire idle,             // the sequencer looks for a byte, and there is none
    output reg paced,             // time passes by itself (PACE)
    input wire rx_valid,
    input wire [7:0] rx_byte,
    output wire tx_valid,
    output wire [7:0] tx_byte,
    input wire tx_ready
);
    // Received bytes: 511 at most wait; one more is lost, and with it its frame, as on any bad link.
    reg [8:0] head, tail;
    wire [7:0] rx_q;
    wire [8:0] after_head = head + 9'd1;
    wire keep = rx_valid && after_head != tail;
    ram #(8, 9) received (clk, tail, rx_q, keep, head, rx_byte);

    reg [8:0] byte_at;
    wire [7:0] byte_q;
    ram #(8, 9) buffer (clk, byte_at, byte_q, write && port == `PORT_BYTE, byte_at, data[7:0]);

    function [15:0] crc16_of(input [15:0] crc, input [7:0] bits);
        integer i;
        begin
            crc16_of = crc ^ {bits, 8'd0};
            for (i = 0; i < 8; i = i + 1)
                crc16_of = {crc16_of[14:0], 1'b0} ^ (crc16_of[15] ? 16'h1021 : 16'd0);
        end
    endfunction
    function [31:0] crc32_of(input [31:0] crc, input [3:0] bits);
        integer i;
        begin
            crc32_of = crc ^ {28'd0, bits};
            for (i = 0; i < 4; i = i + 1)
                crc32_of = {1'b0, crc32_of[31:1]} ^ (crc32_of[0] ? 32'hedb88320 : 32'd0);
        end
    endfunction
    reg [15:0] crc16;
    reg [31:0] crc32, word;
    reg [3:0] nibbles;            // of `word` that the CRC has not seen

    reg sending;
    assign tx_valid = sending;
    assign tx_byte = word[7:0];
    wire starts = write && (port == `PORT_TX || port == `PORT_CRC32 || port == `PORT_CRC32_WORD);
    assign busy = nibbles != 4'd0 || sending;
    always @(posedge clk) begin
        if (keep) head <= after_head;
        if (used && port == `PORT_RX) tail <= tail + 9'd1;
        if (write && port == `PORT_BYTE_AT) byte_at <= data[8:0];
        else if ((write || used) && port == `PORT_BYTE) byte_at <= byte_at + 9'd1;
        if (write && port == `PORT_CRC_RESET) crc16 <= 16'hffff;
        else if (write && port == `PORT_CRC16) crc16 <= crc16_of(crc16, data[7:0]);
        if (sending && tx_ready) sending <= 1'b0;
        if (nibbles != 4'd0) begin
            crc32 <= crc32_of(crc32, word[3:0]);
            word <= word >> 4;
            nibbles <= nibbles - 4'd1;
        end
        if (write && port == `PORT_CRC_RESET) crc32 <= 32'hffffffff;
        if (starts) begin
            word <= data;
            sending <= port == `PORT_TX;
            nibbles <= port == `PORT_TX ? 4'd0 : port == `PORT_CRC32 ? 4'd2 : 4'd8;
        end
        if (reset) begin
            head <= 9'd0;
            tail <= 9'd0;
            nibbles <= 4'd0;
            sending <= 1'b0;
        end
    end

    assign idle = used && port == `PORT_RX_READY && head == tail;
    always @(posedge clk)
        if (reset) paced <= 1'b0;
        else if (write && port == `PORT_PACED) paced <= data[0];

    reg [31:0] cycles;
    always @(posedge clk) cycles <= reset ? 32'd0 : cycles + 32'd1;

    always @* case (port)
        `PORT_RX_READY: value = {31'd0, head != tail};
        `PORT_RX: value = {24'd0, rx_q};
        `PORT_BYTE: value = {24'd0, byte_q};
        `PORT_CRC16: value = {16'd0, crc16};
        `PORT_CRC32: value = ~crc32;
        default: value = cycles;
    endcase
endmodule
`default_nettype wire

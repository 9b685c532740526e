// UART, 8N1, no flow control. DIVIDE clock cycles a bit, 2 to 1024; a byte is sampled in the middle of its bits.
`default_nettype none
module uart #(
    parameter DIVIDE = 26
) (
    input wire clk,
    input wire reset,
    input wire rx,
    output reg tx,
    output reg rx_valid,
    output reg [7:0] rx_byte,
    input wire tx_valid,
    input wire [7:0] tx_byte,
    output wire tx_ready
);
    localparam BITS = 10;
    localparam [31:0] WHOLE_BIT = DIVIDE - 1, HALF_BIT = DIVIDE / 2 - 1;
    localparam [BITS-1:0] WHOLE = WHOLE_BIT[BITS-1:0], HALF = HALF_BIT[BITS-1:0];

    reg [2:0] seen;               // rx, brought into this clock's domain
    reg receiving;
    reg [BITS-1:0] rx_wait;
    reg [3:0] rx_bits;
    always @(posedge clk) begin
        seen <= {seen[1:0], rx};
        rx_valid <= 1'b0;
        if (!receiving) begin
            rx_wait <= HALF;
            rx_bits <= 4'd0;
            receiving <= seen[2] && !seen[1];
        end else if (rx_wait != 0) rx_wait <= rx_wait - 1'b1;
        else begin
            rx_wait <= WHOLE;
            rx_bits <= rx_bits + 4'd1;
            if (rx_bits == 4'd0) receiving <= !seen[1];
            else if (rx_bits == 4'd9) begin
                receiving <= 1'b0;
                rx_valid <= seen[1];   // a byte without its stop bit is none
            end else rx_byte <= {seen[1], rx_byte[7:1]};
        end
        if (reset) begin
            seen <= 3'b111;
            receiving <= 1'b0;
        end
    end

    reg [8:0] tx_shift;
    reg [3:0] tx_bits;
    reg [BITS-1:0] tx_wait;
    assign tx_ready = tx_bits == 4'd0;
    always @(posedge clk) begin
        if (tx_bits == 4'd0) begin
            tx <= 1'b1;
            if (tx_valid) begin
                tx <= 1'b0;
                tx_shift <= {1'b1, tx_byte};
                tx_bits <= 4'd10;
                tx_wait <= WHOLE;
            end
        end else if (tx_wait != 0) tx_wait <= tx_wait - 1'b1;
        else begin
            tx_wait <= WHOLE;
            tx_bits <= tx_bits - 4'd1;
            tx <= tx_bits == 4'd1 ? 1'b1 : tx_shift[0];
            tx_shift <= {1'b1, tx_shift[8:1]};
        end
        if (reset) begin
            tx <= 1'b1;
            tx_bits <= 4'd0;
        end
    end
endmodule
`default_nettype wire

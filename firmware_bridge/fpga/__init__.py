"""The grasp controller in an FPGA: Verilog, the program of its scalar machine, bitstreams, and its simulation."""

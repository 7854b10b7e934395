"""Image to text: a CNN-BiLSTM-CTC network, and decoding with a language model or a word list."""

"""Series that share a picture: each with a colour and a shape of its own."""

__all__ = ["SERIES"]

#: Colour and marker: those of Okabe and Ito but for yellow, which does not show on white; then three that are told
#: apart by their darkness. Neither the colour nor the shape is needed where one has the other.
SERIES = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#E69F00", "v"),
    ("#56B4E9", "P"),
    ("#000000", "X"),
    ("#882255", "p"),
    ("#777777", "*"),
    ("#663300", "h"),
)

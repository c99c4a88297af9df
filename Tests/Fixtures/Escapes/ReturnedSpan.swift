// error: a function cannot return a ~Escapable result
import Vanilla

func body(of request: Request) -> Span<UInt8> {
    request.body.span
}

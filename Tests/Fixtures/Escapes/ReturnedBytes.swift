// error: a function cannot return a ~Escapable result
import Vanilla

func path(of request: Request) -> Bytes {
    request.path
}

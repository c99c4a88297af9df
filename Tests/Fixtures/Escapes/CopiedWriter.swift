// error: missing reinitialization of inout parameter 'response' after consume
import Vanilla

func handle(_ request: Request, _ response: inout ResponseWriter) {
    var copy = response
    copy.send("")
}

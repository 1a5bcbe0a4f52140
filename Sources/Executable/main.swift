import Annotations
import Controller

await ControllerMain.run(handlers: AnnotationHandlers.all)

import Annotations
import CompanyAnnotations
import Controller

await ControllerMain.run(handlers: Annotations.AnnotationHandlers.all + CompanyAnnotations.AnnotationHandlers.all)
